//! The command line as a shell meets it.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use esep_tests::program::{esep, said};

#[test]
fn the_status_is_0_1_or_2() {
    let good = said(&["-c", "1 + 1"]);
    assert_eq!((good.status, good.out.as_str(), good.err.as_str()), (Some(0), "2\n", ""));
    let failed = said(&["-c", "no_such_function(1)"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.out.is_empty() && failed.err.starts_with("error: "), "{failed:?}");
    assert!(failed.err.contains("no_such_function") && failed.err.contains("-->"), "{failed:?}");
    for misused in
        [&["wibble"][..], &["run"], &["run", "a", "b"], &["-x"], &["run", "no/such.rhai"]]
    {
        let misused = said(misused);
        assert_eq!(misused.status, Some(2), "{misused:?}");
        assert!(misused.out.is_empty() && misused.err.starts_with("error: "), "{misused:?}");
    }
    let help = said(&["--help"]);
    assert_eq!((help.status, help.err.as_str()), (Some(0), ""));
    assert!(help.out.contains("esep run FILE"));
    assert!(said(&["--version"]).out.starts_with("esep "));
}

#[test]
fn a_script_runs_with_its_parameters_and_code_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("what_if.rhai");
    fs::write(&script, "let doubled = param(\"size\", 1) * 2;\nprint(doubled);\n").unwrap();
    let script = script.to_str().unwrap();
    let ran = said(&["run", script, "--param", "size=21"]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), "42\n"), "{ran:?}");
    let ran = said(&["run", script, "-c", "doubled + 1"]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), "2\n3\n"), "{ran:?}");
}

#[test]
fn an_error_names_the_script_and_the_line_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("broken.rhai");
    fs::write(&script, "// %% First\nlet a = 1;\n// %% Second\n\nno_such_function(a);\n").unwrap();
    let ran = said(&["run", script.to_str().unwrap()]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains("broken.rhai") && ran.err.contains("line 5"), "{ran:?}");
}

#[test]
fn the_page_stands_alone_and_shows_everything() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("regions_report.rhai");
    let source = "\
// %% The data
// Twenty regions, twenty indicators.
let regions = load(\"regions_2023\");
print(\"a < b & c\");
regions.head(3)
// %% A tree
plot(hclust(regions.numeric().standardise()))
";
    fs::write(&script, source).unwrap();
    let page = folder.path().join("page.html");
    let ran = said(&["run", script.to_str().unwrap(), "--out", page.to_str().unwrap(), "--code"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let html = fs::read_to_string(&page).unwrap();
    for part in [
        "<h1>regions report</h1>",
        "<h2>The data</h2>",
        "<p>Twenty regions, twenty indicators.</p>",
        "a &lt; b &amp; c",
        "<table",
        "<h2>A tree</h2>",
        "<svg",
        "gdp_per_capita",
        "let regions = load(&quot;",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    // Nothing is fetched: no script, no picture, style or font from elsewhere.
    for outside in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn a_failed_script_still_leaves_a_page_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let ran = said(&["-c", "print(\"begun\"); throw \"enough\"", "-o", page.to_str().unwrap()]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("begun") && html.contains("enough"));
    assert!(html.contains("did not run to its end"));
    let nowhere = folder.path().join("no/page.html");
    let ran = said(&["-c", "print(\"begun\")", "-o", nowhere.to_str().unwrap()]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""), "{ran:?}");
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let mut child = esep(&["-c", "for i in 0..200000 { print(i); }"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"0\n1\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_script_with_the_shells_status() {
    let mut child = esep(&["-c", "print(\"begun\"); loop { }"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let began = Instant::now();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{errors}");
    assert!(errors.contains("interrupted"), "{errors}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn readme_begins_with_the_two_commands_that_ci_runs() {
    let readme = fs::read_to_string(esep_tests::root().join("README.md")).unwrap();
    let block = readme.split("```").nth(1).expect("README has a block of commands");
    let commands: Vec<&str> = block.lines().skip(1).collect();
    assert!(commands[0].starts_with("cargo run --release -- "), "{commands:?}");
    assert_eq!(commands[1..], ["cargo test --workspace --release"]);
}

#[test]
fn a_new_folder_holds_a_script_and_a_notebook_that_run() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("study");
    let made = said(&["new", folder.to_str().unwrap()]);
    assert_eq!(made.status, Some(0), "{made:?}");
    let script = folder.join("analysis.rhai");
    let ran = said(&["run", script.to_str().unwrap()]);
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let notebook = folder.join("analysis.ipynb");
    let ran = said(&["run", notebook.to_str().unwrap()]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(fs::read_to_string(&notebook).unwrap().contains("image/svg+xml"));
    fs::write(&script, "mine").unwrap();
    let again = said(&["new", folder.to_str().unwrap()]);
    assert_eq!(again.status, Some(1), "{again:?}");
    assert!(again.err.contains("is there already"), "{again:?}");
    assert_eq!(fs::read_to_string(&script).unwrap(), "mine");
}

#[test]
fn the_doctor_finds_the_kernel_and_tells_how_to_mend_a_broken_one() {
    let place = tempfile::tempdir().unwrap();
    let doctor = || {
        let output = esep(&["doctor"])
            .env("JUPYTER_DATA_DIR", place.path())
            .env("VIRTUAL_ENV", place.path().join("no_environment"))
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, told) = doctor();
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("mend  Jupyter does not know the kernel"), "{told}");
    let installed = esep(&["install"]).env("JUPYTER_DATA_DIR", place.path()).output().unwrap();
    assert!(installed.status.success());
    let (status, told) = doctor();
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("ok    the language runs"), "{told}");
    assert!(told.contains("starts this program"), "{told}");
    fs::write(place.path().join("kernels/esep/kernel.json"), "{").unwrap();
    let (status, told) = doctor();
    assert!(status == Some(1) && told.contains("cannot be read"), "{told}");
}
