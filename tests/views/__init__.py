"""Tests of lib/attnlab/views: one module for each promise that all views keep, one for what they share."""
