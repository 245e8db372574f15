//! Pages: the one rule of every list.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::SchemaType,
    },
};

/// How many items a page holds: 1 to 200, and 50 where nothing is asked for.
///
/// Out of bounds is refused and not brought within: a client that asked for 1,000 would take 200 for all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(usize);

impl Limit {
    pub(crate) const MOST: usize = 200;

    pub(crate) const fn get(self) -> usize {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let asked = u64::deserialize(deserializer).ok().and_then(|asked| usize::try_from(asked).ok());
        let fit = asked.filter(|asked| (1..=Self::MOST).contains(asked));
        fit.map(Self).ok_or_else(|| D::Error::custom(format!("expected a whole number from 1 to {}", Self::MOST)))
    }
}

/// Where a list goes on: the `next_cursor` of the page before.
///
/// It is the key of the last item, and clients pass it on unread. What is no key is 422.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Cursor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unreadable = |_| D::Error::custom("pass the next_cursor of the page before");
        T::deserialize(deserializer).map(Self).map_err(unreadable)
    }
}

/// Which page of a list to show.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery<T> {
    #[serde(default)]
    pub(crate) limit: Limit,
    #[serde(default = "no_cursor")]
    pub(crate) cursor: Option<Cursor<T>>,
}

const fn no_cursor<T>() -> Option<Cursor<T>> {
    None
}

impl<T> PageQuery<T> {
    pub(crate) fn after(&self) -> Option<&T> {
        self.cursor.as_ref().map(|cursor| &cursor.0)
    }
}

/// A page of a list.
///
/// Only `next_cursor` tells the last page: a page may be short, even empty, and have a next one.
#[derive(Serialize)]
pub(crate) struct PageView<T> {
    /// At most `limit` items.
    pub(crate) items: Vec<T>,
    /// What to pass as `cursor` for the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
}

impl<T> IntoParams for PageQuery<T> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: &str, schema: ObjectBuilder| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(place().unwrap_or_default())
                .required(Required::False)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        let limit = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .minimum(Some(1))
            .maximum(Some(Limit::MOST))
            .default(Some(Limit::default().get().into()));
        let cursor = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        vec![
            parameter("limit", "How many items a page holds.", limit),
            parameter("cursor", "The `next_cursor` of the page before.", cursor),
        ]
    }
}
