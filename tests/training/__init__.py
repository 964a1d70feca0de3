"""Tests of attnlab.training: every number against an independent loop, every end, every fault."""
