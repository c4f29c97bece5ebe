"""The demonstration: a small company's surveys and money told as events, and oracles that know what they amount to."""
