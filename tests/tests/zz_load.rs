#[test] fn all() { for f in std::fs::read_dir(sim_tests::LIBRARY).unwrap() { let n=f.unwrap().file_name().into_string().unwrap(); let n=n.strip_suffix(".ron").unwrap(); let t=sim_tests::library_text(n);
 let r=std::panic::catch_unwind(||sim_tests::library(n)); println!("{n} {}", r.is_ok());
 for s in sim_tests::things_to_try(&t) { let r=std::panic::catch_unwind(||sim_tests::library_with(n,&s)); println!("   {s:?} {}", r.is_ok()); } } }
