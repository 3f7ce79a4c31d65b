//! The part of a commit that concerns one layer.

use tidegate_testbed::Commit;

use crate::place::Place;

/// The part of a commit that concerns one layer.
pub(super) struct Draft<'a> {
    place: &'a Place,
    commit: Commit,
}

impl<'a> Draft<'a> {
    pub(super) fn new(place: &'a Place, commit: Commit) -> Self {
        Self { place, commit }
    }

    /// Writes a file of the layer's folder; `NS` is the layer's namespace.
    pub(super) fn write(&mut self, file: &str, text: &str) {
        let (path, text) = (self.path(file), self.place.text(text));
        self.change(|commit| commit.file(&path, &text));
    }

    /// Writes the file that goes when the trouble is over.
    pub(super) fn trouble(&mut self, text: &str) {
        self.write("trouble.yaml", text);
    }

    /// Removes a file or a folder of the layer's folder.
    pub(super) fn remove(&mut self, file: &str) {
        let path = self.path(file);
        self.change(|commit| commit.remove(&path));
    }

    pub(super) fn commit(self) -> Commit {
        self.commit
    }

    fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.place.name)
    }

    fn change(&mut self, change: impl FnOnce(Commit) -> Commit) {
        let commit = std::mem::replace(&mut self.commit, Commit::on("main"));
        self.commit = change(commit);
    }
}
