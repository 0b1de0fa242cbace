# Sources are added here; see the library's rules in docs/architecture.md.
