//! `cargo run --release -p tidegate-bench -- render [OBJECTS…]`: rendering, beside kustomize.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod folder;
mod measure;
mod overlay;
mod render;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("render") => render::compare(&words.collect::<Vec<_>>()),
        Some("render-one") => render::one(&words.next().ok_or("name a folder")?),
        _ => Err("usage: render [OBJECTS…], by default 100 1000 5000 50000".into()),
    }
}
