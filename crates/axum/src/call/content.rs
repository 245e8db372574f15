//! What goes in and comes out, with its schema and an example.

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema, Type, schema::SchemaType},
};

/// A body, with its schema, the schemas it refers to, and an example.
///
/// Schemas that are shared stand once in the document, under their names.
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) schema: RefOr<Schema>,
    pub(crate) parts: Vec<(String, RefOr<Schema>)>,
    pub(crate) example: Value,
}

/// What a call answers when all is well.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    /// The same in each of these media types, as the request's `Accept` asks for; the first where it does not.
    pub(crate) contents: Vec<Content>,
    /// The other status with which a retry is answered.
    pub(crate) again: Option<u16>,
    /// Whether it tells in `Location` where the new thing is.
    pub(crate) is_located: bool,
}

impl Answer {
    pub(super) fn new(status: u16, description: &'static str, contents: Vec<Content>) -> Self {
        Self { status, description, contents, again: None, is_located: false }
    }
}

impl Content {
    /// The schema is the type's own, so it changes with the type.
    pub(super) fn of<T: ToSchema>(example: Value) -> Self {
        let mut parts = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut parts);
        Self { media_type: "application/json", schema: reference(&T::name()), parts, example }
    }

    pub(super) fn text(media_type: &'static str, example: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).into();
        Self { media_type, schema, parts: Vec::new(), example: example.into() }
    }

    /// Each list has a schema of its own, since OpenAPI has no generic types.
    pub(super) fn page_of<T: ToSchema>(example: Value) -> Self {
        let item = Self::of::<T>(example);
        let name = format!("{}Page", T::name());
        let parts = item.parts.into_iter().chain([(name.clone(), page_schema(item.schema))]).collect();
        Self { schema: reference(&name), parts, media_type: item.media_type, example: item.example }
    }
}

/// The form of [`PageView`](crate::wire::page::PageView) with these items.
fn page_schema(item: RefOr<Schema>) -> RefOr<Schema> {
    let cursor = SchemaType::from_iter([Type::String, Type::Null]);
    let next = "What to pass as `cursor` for the next page; null on the last one.";
    let items =
        ArrayBuilder::new().items(item).description(Some("The items in order; a short page may have a next one."));
    ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("next_cursor", ObjectBuilder::new().schema_type(cursor).description(Some(next)))
        .required("next_cursor")
        .into()
}

/// A name without its schema among the parts would be a dangling reference; a test reads the whole document.
fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}
