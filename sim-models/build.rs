//! Hashes the sources of the engine, so that results name the very program that made them.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the folder"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    let mut sources = Vec::new();
    // Where the crate stands alone, without the sources of the core, its version has to do.
    let core = here.join("../sim-core/src");
    let known = core.is_dir()
        && list(&core, "sim-core", &mut sources).is_ok()
        && list(&here.join("src"), "sim-models", &mut sources).is_ok();
    if core.is_dir() {
        println!("cargo::rerun-if-changed=../sim-core/src");
    }
    sources.sort();
    let mut hash = FNV_OFFSET;
    for (name, path) in &sources {
        let text = fs::read(path).unwrap_or_default();
        absorb(&mut hash, name.as_bytes());
        absorb(&mut hash, &text);
    }
    let version = env::var("CARGO_PKG_VERSION").expect("cargo tells the version");
    if known {
        println!("cargo::rustc-env=SIM_BUILD={version}+{:016x}", fold(hash));
    } else {
        println!("cargo::rustc-env=SIM_BUILD={version}");
    }
}

/// All files of Rust below a folder, with names that do not depend on where it lies.
fn list(folder: &Path, name: &str, found: &mut Vec<(String, PathBuf)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}/{file}");
        if path.is_dir() {
            list(&path, &name, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((name, path));
        }
    }
    Ok(())
}

// FNV-1a with 128 bits: G. Fowler, L. C. Noll, K.-P. Vo.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

fn absorb(hash: &mut u128, bytes: &[u8]) {
    // A checkout may have put carriage returns before line feeds.
    for byte in bytes.iter().filter(|byte| **byte != b'\r').chain(&[0]) {
        *hash = (*hash ^ u128::from(*byte)).wrapping_mul(FNV_PRIME);
    }
}

fn fold(hash: u128) -> u64 {
    (hash >> 64) as u64 ^ hash as u64
}
