"""The composition root: the only place that knows the concrete classes."""
