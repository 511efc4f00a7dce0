"""Users' own pandera schemas, compiled to one boolean mask a check."""

from leadsieve_rules.schemas.compiling import CompiledSchema
from leadsieve_rules.schemas.loading import UserSchema, load_schema

__all__ = ["CompiledSchema", "UserSchema", "load_schema"]
