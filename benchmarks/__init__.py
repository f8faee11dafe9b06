"""Speed, measured side by side in one run and reported as ratios to the plain way of doing the same work."""
