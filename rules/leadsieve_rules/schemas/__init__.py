"""Users' own pandera schemas, compiled to one boolean mask a check."""

from leadsieve_rules.schemas.compiling import CompiledSchema
from leadsieve_rules.schemas.loading import UserSchema, find_schema, load_schema

__all__ = ["CompiledSchema", "UserSchema", "find_schema", "load_schema"]
