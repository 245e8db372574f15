//! A second server that follows the first, and takes its place.

use crate::{Server, as_user, keep, output};

impl Server {
    /// A server that follows this one and may be asked to read. This one acknowledges from now on only what that one has on its
    /// disk.
    pub fn standby(&self) -> Self {
        let folder = Self::new_folder();
        let (own, data) = (folder.join("data"), self.folder.to_str().unwrap());
        let mut copy = as_user(self.bin.join("pg_basebackup").to_str().unwrap());
        copy.args(["-h", data, "-p", "5432", "-U", "service", "-X", "stream", "-R", "-c", "fast", "-N", "-D"])
            .arg(&own);
        output(&mut copy);
        let keeper = keep(&self.bin, &folder, "-c fsync=off");
        let standby = Self { folder, bin: self.bin.clone(), keeper };
        standby.wait_until_ready();
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("SELECT pg_reload_conf()");
        standby
    }

    /// Takes over: from now on it accepts changes, and waits for nobody.
    pub fn promote(&self) {
        self.sql("ALTER SYSTEM SET synchronous_standby_names = ''");
        self.sql("SELECT pg_promote()");
    }

    /// Comes back as a server that only reads, as a former primary does.
    pub fn demote(&self) {
        output(as_user("touch").arg(self.folder.join("data/standby.signal")));
        self.crash();
    }
}
