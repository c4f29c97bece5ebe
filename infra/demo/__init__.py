"""The demonstration: a small company's surveys told as events, and an oracle that knows what they amount to."""
