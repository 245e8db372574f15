//! Permissions, roles and scopes that are ready to use.
//!
//! Each is an ordinary declaration, made with what every host can use; take one as it is, or as a start.

pub mod data_catalogue;
pub mod data_quality;
pub mod deployment;
pub mod read_write_admin;

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::String;

    use super::{data_catalogue, data_quality, deployment};

    /// The table in a preset's documentation.
    fn documented(source: &str) -> String {
        let rows = source.lines().filter_map(|line| line.strip_prefix("/// |"));
        rows.fold(String::new(), |table, row| table + "|" + row + "\n")
    }

    #[test]
    fn the_tables_in_the_documentation_are_the_roles_in_force() {
        assert_eq!(documented(include_str!("presets/data_quality.rs")), data_quality::catalogue().matrix().markdown());
        assert_eq!(
            documented(include_str!("presets/data_catalogue.rs")),
            data_catalogue::catalogue().matrix().markdown()
        );
        assert_eq!(documented(include_str!("presets/deployment.rs")), deployment::catalogue().matrix().markdown());
    }
}
