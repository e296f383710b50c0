"""Tests of lifecycle/; those of the whole program, with a real origin and remote, are the template's own."""
