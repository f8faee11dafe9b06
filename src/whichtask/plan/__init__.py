"""What there is to compute, without torch: cards of experiments and figures, and the code each stands on."""
