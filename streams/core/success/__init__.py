"""Customer success: contracts and their renewals, onboarding."""
