"""Hold what compose.yaml mounts; `python -m infra.compose` writes the parts that code knows better."""
