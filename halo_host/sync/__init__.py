"""The integrator: streams into the mirror, jobs, schedules, alerts."""
