"""Real data sets: how each becomes events, and the figures that the views must then say."""
