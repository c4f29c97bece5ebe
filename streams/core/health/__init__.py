"""Health and risk of an account: facts that entities hand over, the picture they make, scores by versioned models."""
