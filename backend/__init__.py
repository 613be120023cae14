"""The GraphQL gateway of Computor. Which package does what, and may import which: docs/architecture.md."""
