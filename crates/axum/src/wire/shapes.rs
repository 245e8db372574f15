//! Schemas of values that are written in more than one way.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, ObjectBuilder, RefOr, Schema, Type,
        schema::{OneOfBuilder, SchemaType},
    },
};

/// `inherited`, or a list of scope names.
pub(crate) struct ScopesShape;

/// `every`, or a list of team names.
pub(crate) struct TeamsShape;

impl PartialSchema for ScopesShape {
    fn schema() -> RefOr<Schema> {
        word_or_list("inherited")
    }
}

impl PartialSchema for TeamsShape {
    fn schema() -> RefOr<Schema> {
        word_or_list("every")
    }
}

impl ToSchema for ScopesShape {
    fn name() -> Cow<'static, str> {
        "Scopes".into()
    }
}

impl ToSchema for TeamsShape {
    fn name() -> Cow<'static, str> {
        "Teams".into()
    }
}

/// `null` is neither: to leave a field out is to leave it out.
fn word_or_list(word: &'static str) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    OneOfBuilder::new().item(text().enum_values(Some([word]))).item(Array::new(text())).into()
}
