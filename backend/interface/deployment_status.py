"""How far deployments come: said of a deployment, and of the content that it is for."""

from enum import StrEnum


class DeploymentStatus(StrEnum):
    """How far a deployment has come."""

    PENDING = "pending"
    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    FAILED = "failed"
    UNASSIGNED = "unassigned"
