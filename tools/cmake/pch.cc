// Only there to carry the precompiled headers.
