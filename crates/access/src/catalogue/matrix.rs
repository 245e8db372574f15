//! The catalogue as a table a reviewer can read.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::{Catalogue, Permission};

/// Permissions down, roles or scopes across, and a tick where one holds the other.
///
/// It displays as aligned text; [`markdown`](Self::markdown) is the same as a Markdown table.
///
/// ```
/// let catalogue = service_accounts_access::presets::data_quality::catalogue();
/// assert_eq!(catalogue.matrix().to_string(), "\
/// permission                         Member  Editor  Manager  Admin
/// read data quality results          ✓       ✓       ✓        ✓
/// view datastores and containers     ✓       ✓       ✓        ✓
/// create and modify resources                ✓       ✓        ✓
/// view all users and teams                           ✓        ✓
/// manage users and service accounts                           ✓
/// configure integrations                                      ✓
/// ");
/// ```
#[derive(Debug, Clone)]
pub struct RoleMatrix {
    rows: Vec<Vec<String>>,
}

impl<P: Permission> Catalogue<P> {
    /// Which role holds which permission.
    #[must_use]
    pub fn matrix(&self) -> RoleMatrix {
        RoleMatrix::of(self.roles().map(|role| (role.name().as_str(), role.permissions())))
    }

    /// Which declared scope holds which permission.
    #[must_use]
    pub fn scope_matrix(&self) -> RoleMatrix {
        RoleMatrix::of(self.scopes().map(|scope| (scope.name().as_str(), scope.permissions())))
    }
}

impl RoleMatrix {
    /// The table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut lines = self.rows.iter().map(|row| markdown_line(row.iter().map(|cell| escaped(cell))));
        let heading = lines.next().unwrap_or_default();
        let rule = self.rows.first().map(|row| "|---".repeat(row.len())).unwrap_or_default();
        lines.fold(heading + &rule + "|\n", |table, line| table + &line)
    }

    fn of<'a, P: Permission>(columns: impl Iterator<Item = (&'a str, crate::PermissionSet<P>)>) -> Self {
        let columns: Vec<_> = columns.collect();
        let names = columns.iter().map(|(name, _)| (*name).to_string());
        let heading = core::iter::once("permission".to_string()).chain(names).collect();
        let row = |permission: &P| {
            let ticks = columns.iter().map(|(_, held)| if held.contains(*permission) { "✓" } else { "" }.to_string());
            core::iter::once(permission.summary().to_string()).chain(ticks).collect()
        };
        Self { rows: core::iter::once(heading).chain(P::ALL.iter().map(row)).collect() }
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.first().map(Vec::len).unwrap_or_default();
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        (0..columns).map(|column| width(column).unwrap_or_default()).collect()
    }
}

impl fmt::Display for RoleMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| alloc::format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn markdown_line(cells: impl Iterator<Item = String>) -> String {
    let line = cells
        .fold(String::from("|"), |line, cell| if cell.is_empty() { line + " |" } else { line + " " + &cell + " |" });
    line + "\n"
}

/// A cell that cannot end its column or start a tag.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::{Permission as P, catalogue};

    #[test]
    fn the_matrix_prints_as_the_published_table() {
        let published = "\
| permission | Member | Editor | Manager | Admin |
|---|---|---|---|---|
| read data quality results | ✓ | ✓ | ✓ | ✓ |
| view datastores and containers | ✓ | ✓ | ✓ | ✓ |
| create and modify resources | | ✓ | ✓ | ✓ |
| view all users and teams | | | ✓ | ✓ |
| manage users and service accounts | | | | ✓ |
| configure integrations | | | | ✓ |
";
        assert_eq!(catalogue().matrix().markdown(), published);
    }

    #[test]
    fn scopes_print_as_roles_do() {
        let table = catalogue().scope_matrix().markdown();
        assert!(table.starts_with("| permission | read | write | admin |\n|---|---|---|---|\n"), "{table}");
        assert!(table.contains("| create and modify resources | | ✓ | ✓ |\n"), "{table}");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_cell() {
        let catalogue = Catalogue::builder().role("a|<b>", "", [P::ResultsRead]).build().unwrap();
        assert!(catalogue.matrix().markdown().starts_with("| permission | a\\|&lt;b> |\n|---|---|\n"));
    }

    #[test]
    fn a_matrix_without_columns_lists_the_permissions() {
        let catalogue = Catalogue::builder().role("Reader", "", [P::ResultsRead]).build().unwrap();
        assert!(catalogue.scope_matrix().to_string().starts_with("permission\nread data quality results\n"));
    }
}
