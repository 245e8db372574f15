//! Documents are objects.
//!
//! What serde derives for a struct also reads a list of its values, by position, in which a field added in between shifts
//! the others: rights would land in the wrong place. So the derived reader belongs to a private mirror
//! of the struct, and is reached through an object only.

/// Implements serde for a struct by a private mirror of it, which names it as `remote` and derives.
macro_rules! reads_objects_only {
    ($type:ident, via $mirror:ident) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$mirror>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(Object)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$mirror>::serialize(self, serializer)
            }
        }
    };
}

pub(crate) use reads_objects_only;
