"""Dead letters for whoever is on call: found, judged by the present code, sent again or put away."""
