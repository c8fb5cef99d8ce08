"""The integrator: the worker that runs jobs and schedules."""
