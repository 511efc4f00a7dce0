"""Pandera schemas: of a profile's fields, and of users' own, compiled to one boolean mask a check."""

from leadsieve_rules.fields.emails import email
from leadsieve_rules.schemas.compiling import CompiledSchema
from leadsieve_rules.schemas.fields import field_schema
from leadsieve_rules.schemas.loading import UserSchema, load_schema

__all__ = ["CompiledSchema", "UserSchema", "email", "field_schema", "load_schema"]
