//! Documents are objects.
//!
//! What serde derives for a struct or a tagged enum also reads a list, by position: `["retiring", {"until": 5}]` would be
//! a state, and a field added in between would shift the others. And a variant without fields ignores whatever stands
//! beside its tag. So the derived reader belongs to a private mirror of the type, and is reached through an
//! object only.

/// Implements serde for a type by a private mirror of it, which names it as `remote` and derives.
///
/// A mirror spells variants without fields as `Name {}`, so that `deny_unknown_fields` holds for them too.
macro_rules! reads_objects_only {
    ($type:ident $(<$($param:ident $(: $bound:ident)?),+>)?, via $mirror:ty) => {
        impl<'de $($(, $param: serde::Deserialize<'de> $(+ $bound)?)+)?> serde::Deserialize<'de>
            for $type $(<$($param),+>)?
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object<T>(core::marker::PhantomData<T>);

                impl<'de $($(, $param: serde::Deserialize<'de> $(+ $bound)?)+)?> serde::de::Visitor<'de>
                    for Object<$type $(<$($param),+>)?>
                {
                    type Value = $type $(<$($param),+>)?;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        <$mirror>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(Object(core::marker::PhantomData))
            }
        }

        impl<$($($param: serde::Serialize),+)?> serde::Serialize for $type $(<$($param),+>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$mirror>::serialize(self, serializer)
            }
        }
    };
}

pub(crate) use reads_objects_only;
