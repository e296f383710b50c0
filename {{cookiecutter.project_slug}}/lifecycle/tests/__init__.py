"""Unit tests of lifecycle/. Tests of the whole program, with a real origin and remote, are in the template."""
