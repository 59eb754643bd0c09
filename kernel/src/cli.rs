//! The command line: one table feeds parsing, `--help` and the shells' completions.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::jupyter::VERSION;

/// An option of a command.
#[derive(Debug)]
pub struct Flag {
    /// Its long spelling, without dashes.
    pub long: &'static str,
    /// Its short spelling, without dash.
    pub short: Option<char>,
    /// The name of its value, where it takes one.
    pub value: Option<&'static str>,
    /// What it does.
    pub help: &'static str,
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// Its name on the command line; empty for `esep` alone.
    pub name: &'static str,
    /// The name of its operand, where it takes one.
    pub operand: Option<&'static str>,
    /// What it does.
    pub help: &'static str,
    /// Its options.
    pub flags: &'static [Flag],
}

const fn flag(
    long: &'static str,
    short: Option<char>,
    value: Option<&'static str>,
    help: &'static str,
) -> Flag {
    Flag { long, short, value, help }
}

const CODE: Flag =
    flag("command", Some('c'), Some("CODE"), "run CODE; after FILE where both stand");
const OUT: Flag =
    flag("out", Some('o'), Some("PAGE"), "also write an HTML page; a notebook is written there");
const PARAM: Flag =
    flag("param", Some('p'), Some("NAME=VALUE"), "set a parameter of the script; may be repeated");
const SHOW: Flag = flag("code", None, None, "show the code of each section in the page");
const HELP: Flag = flag("help", Some('h'), None, "show help and leave");
const ANSWER: Flag = flag("version", Some('V'), None, "show the version and leave");

/// Every command; the first is `esep` without one.
pub const COMMANDS: [Command; 7] = [
    Command {
        name: "",
        operand: None,
        help: "Open the REPL, or run CODE.",
        flags: &[CODE, OUT, PARAM, SHOW, HELP, ANSWER],
    },
    Command {
        name: "run",
        operand: Some("FILE"),
        help: "Run a script (.rhai, or - for standard input), or a notebook (.ipynb, in place).",
        flags: &[CODE, OUT, PARAM, SHOW, HELP],
    },
    Command {
        name: "new",
        operand: Some("FOLDER"),
        help: "Make a folder with a script and a notebook to begin from.",
        flags: &[HELP],
    },
    Command {
        name: "doctor",
        operand: None,
        help: "Look at what works here, and say how to mend what does not.",
        flags: &[HELP],
    },
    Command {
        name: "install",
        operand: None,
        help: "Make the kernel known to Jupyter.",
        flags: &[
            flag("user", None, None, "for this user (the default)"),
            flag("sys-prefix", None, None, "in the active Python environment"),
            flag("prefix", None, Some("DIR"), "under DIR/share/jupyter/kernels"),
            HELP,
        ],
    },
    Command {
        name: "kernel",
        operand: Some("CONNECTION_FILE"),
        help: "Serve Jupyter; Jupyter itself calls this.",
        flags: &[HELP],
    },
    Command {
        name: "completions",
        operand: Some("bash|zsh|fish"),
        help: "Print completions for a shell.",
        flags: &[HELP],
    },
];

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Open the REPL.
    Repl,
    /// Run sources in order.
    Run(Run),
    /// Serve the kernel of a connection file.
    Kernel(PathBuf),
    /// Write the kernelspec.
    Install(Place),
    /// Make a folder to begin from.
    New(PathBuf),
    /// Look at what works here.
    Doctor,
    /// Print a text and leave: help, the version, completions.
    Say(String),
}

/// What to run and what to make of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The script.
    pub file: Option<PathBuf>,
    /// Code from the command line.
    pub code: Option<String>,
    /// Where the page goes.
    pub out: Option<PathBuf>,
    /// Names and values for the script.
    pub params: Vec<(String, String)>,
    /// Whether the page shows code.
    pub show_code: bool,
}

/// Where the kernelspec goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// Jupyter's folder of the user.
    User,
    /// The active Python environment.
    SysPrefix,
    /// Any prefix.
    Prefix(PathBuf),
}

/// Reads the arguments; the error is a sentence on how they were misused.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Action, String> {
    let mut arguments = arguments.into_iter().peekable();
    let command = match arguments.peek() {
        Some(first) if !first.starts_with('-') => {
            let command = COMMANDS[1..].iter().find(|command| command.name == first);
            let command = command.ok_or_else(|| unknown_command(first))?;
            arguments.next();
            command
        }
        _ => &COMMANDS[0],
    };
    let mut operand = None;
    let mut run = Run::default();
    let mut place = Place::User;
    let mut only_operands = false;
    while let Some(argument) = arguments.next() {
        if only_operands || argument == "-" || !argument.starts_with('-') {
            if command.operand.is_none() || operand.is_some() {
                return Err(misuse(command, &format!("unexpected argument {argument:?}")));
            }
            operand = Some(argument);
            continue;
        }
        if argument == "--" {
            only_operands = true;
            continue;
        }
        let (flag, glued) = find(command, &argument)?;
        let value = match (flag.value, glued) {
            (None, None) => String::new(),
            (None, Some(_)) => {
                return Err(misuse(command, &format!("--{} takes no value", flag.long)));
            }
            (Some(_), Some(value)) => value,
            (Some(name), None) => arguments.next().ok_or_else(|| {
                misuse(command, &format!("--{} needs a value: {name}", flag.long))
            })?,
        };
        match flag.long {
            "help" => return Ok(Action::Say(help(command))),
            "version" => return Ok(Action::Say(format!("esep {VERSION}\n"))),
            "command" => run.code = Some(value),
            "out" => run.out = Some(PathBuf::from(value)),
            "code" => run.show_code = true,
            "param" => run.params.push(parameter(command, &value)?),
            "prefix" => place = Place::Prefix(PathBuf::from(value)),
            "sys-prefix" => place = Place::SysPrefix,
            _ => place = Place::User,
        }
    }
    let missing =
        || misuse(command, &format!("{} is missing", command.operand.unwrap_or_default()));
    match command.name {
        "install" => Ok(Action::Install(place)),
        "doctor" => Ok(Action::Doctor),
        "new" => Ok(Action::New(operand.ok_or_else(missing)?.into())),
        "kernel" => Ok(Action::Kernel(operand.ok_or_else(missing)?.into())),
        "completions" => completions(&operand.ok_or_else(missing)?).map(Action::Say),
        name => {
            run.file = operand.map(PathBuf::from);
            if run.file.is_some() || run.code.is_some() {
                Ok(Action::Run(run))
            } else if name == "run" {
                Err(missing())
            } else if run == Run::default() {
                Ok(Action::Repl)
            } else {
                Err(misuse(command, "there is nothing to run: give -c CODE, or run FILE"))
            }
        }
    }
}

fn unknown_command(name: &str) -> String {
    let looks_like_a_script = name.contains(['.', '/', '\\']);
    let hint = if looks_like_a_script {
        format!("to run a script: esep run {name}")
    } else {
        let names = COMMANDS[1..].iter().map(|command| command.name);
        nearest(name, names.clone()).map_or_else(
            || format!("the commands are {}", names.collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean {near:?}?"),
        )
    };
    format!("unknown command {name:?}\nhint: {hint}")
}

fn misuse(command: &Command, problem: &str) -> String {
    format!("{problem}\nusage: {}", usage(command))
}

/// The flag that an argument names, and the value glued to it.
fn find(command: &Command, argument: &str) -> Result<(&'static Flag, Option<String>), String> {
    let flags = command.flags;
    let found = if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
        flags.iter().find(|flag| flag.long == name).map(|flag| (flag, value.map(str::to_owned)))
    } else {
        let mut letters = argument[1..].chars();
        let letter = letters.next();
        let rest = letters.as_str();
        let glued = (!rest.is_empty()).then(|| rest.to_owned());
        flags.iter().find(|flag| flag.short == letter).map(|flag| (flag, glued))
    };
    found.ok_or_else(|| {
        let spelled = flags.iter().map(|flag| flag.long);
        let hint = nearest(argument.trim_start_matches('-'), spelled)
            .map_or_else(String::new, |near| format!("\nhint: did you mean --{near}?"));
        misuse(command, &format!("unknown option {argument:?}{hint}"))
    })
}

fn parameter(command: &Command, text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err(misuse(command, &format!("--param must be NAME=VALUE, got {text:?}"))),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance * 3 <= name.len())
        .min()
        .map(|(_, name)| name)
}

fn usage(command: &Command) -> String {
    let mut line = "esep".to_owned();
    for part in [command.name, command.operand.unwrap_or_default()] {
        if !part.is_empty() {
            let _ = write!(line, " {part}");
        }
    }
    for flag in command.flags.iter().filter(|flag| !["help", "version"].contains(&flag.long)) {
        let _ = match (flag.short, flag.value) {
            (Some(short), Some(value)) => write!(line, " [-{short} {value}]"),
            (None, Some(value)) => write!(line, " [--{} {value}]", flag.long),
            _ => write!(line, " [--{}]", flag.long),
        };
    }
    line
}

/// The help text of a command; that of `esep` alone lists the others.
pub fn help(command: &Command) -> String {
    let mut text = String::new();
    if command.name.is_empty() {
        let _ = writeln!(text, "esep {VERSION}: the econometrics of digitalisation\n");
        let _ = writeln!(text, "Usage:");
        for command in &COMMANDS {
            let _ = writeln!(text, "  {}\n      {}", usage(command), command.help);
        }
        let _ = writeln!(text);
    } else {
        let _ = writeln!(text, "{}\n\nUsage: {}\n", command.help, usage(command));
    }
    let _ = writeln!(text, "Options:");
    for flag in command.flags {
        let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let value = flag.value.map_or(String::new(), |value| format!(" {value}"));
        let _ = writeln!(text, "  {:<28} {}", format!("{short}--{}{value}", flag.long), flag.help);
    }
    if command.operand == Some("FILE") || command.name.is_empty() {
        let _ = writeln!(
            text,
            "\nA line `// %% Title` in a script starts a section: its last expression is shown, and \
             the\npage gives it a heading.\n\nExit status: 0 success, 1 a script failed, 2 misuse, \
             130 interrupted."
        );
    }
    text
}

/// The completion script of a shell.
fn completions(shell: &str) -> Result<String, String> {
    let words = |command: &Command| -> String {
        command.flags.iter().map(|flag| format!("--{}", flag.long)).collect::<Vec<_>>().join(" ")
    };
    let names: Vec<&str> = COMMANDS[1..].iter().map(|command| command.name).collect();
    let mut text = String::new();
    match shell {
        "bash" | "zsh" => {
            if shell == "zsh" {
                text.push_str("autoload -U +X bashcompinit && bashcompinit\n");
            }
            text.push_str("_esep() {\n  local words\n  case \"${COMP_WORDS[1]}\" in\n");
            for command in &COMMANDS[1..] {
                let _ = writeln!(text, "    {}) words=\"{}\" ;;", command.name, words(command));
            }
            let _ =
                writeln!(text, "    *) words=\"{} {}\" ;;", names.join(" "), words(&COMMANDS[0]));
            text.push_str(
                "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n\
                 complete -o default -F _esep esep\n",
            );
        }
        "fish" => {
            for command in &COMMANDS {
                let when = if command.name.is_empty() {
                    "__fish_use_subcommand".to_owned()
                } else {
                    let _ = writeln!(
                        text,
                        "complete -c esep -n __fish_use_subcommand -a {} -d '{}'",
                        command.name, command.help
                    );
                    format!("__fish_seen_subcommand_from {}", command.name)
                };
                for flag in command.flags {
                    let short = flag.short.map_or(String::new(), |short| format!(" -s {short}"));
                    let value = if flag.value.is_some() { " -r" } else { "" };
                    let _ = writeln!(
                        text,
                        "complete -c esep -n '{when}' -l {}{short}{value} -d '{}'",
                        flag.long, flag.help
                    );
                }
            }
        }
        other => return Err(format!("unknown shell {other:?}\nhint: bash, zsh or fish")),
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Action, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_and_options_are_read() {
        assert_eq!(read(""), Ok(Action::Repl));
        assert_eq!(read("install"), Ok(Action::Install(Place::User)));
        assert_eq!(read("install --sys-prefix"), Ok(Action::Install(Place::SysPrefix)));
        assert_eq!(read("install --prefix=d"), Ok(Action::Install(Place::Prefix("d".into()))));
        assert_eq!(read("new d"), Ok(Action::New("d".into())));
        assert_eq!(read("doctor"), Ok(Action::Doctor));
        assert_eq!(read("kernel f.json"), Ok(Action::Kernel("f.json".into())));
        let run = Run {
            file: Some("a.rhai".into()),
            code: Some("x".to_owned()),
            out: Some("p.html".into()),
            params: vec![("k".to_owned(), "3=4".to_owned()), ("z".to_owned(), String::new())],
            show_code: true,
        };
        let line = "run --param k=3=4 a.rhai -cx -o p.html --param=z= --code";
        assert_eq!(read(line), Ok(Action::Run(run)));
        let code = Run { code: Some("-1".to_owned()), ..Run::default() };
        assert_eq!(read("-c -1"), Ok(Action::Run(code)));
        let dashed = Run { file: Some("-x".into()), ..Run::default() };
        assert_eq!(read("run -- -x"), Ok(Action::Run(dashed)));
    }

    #[test]
    fn misuse_is_named_with_a_way_out() {
        let says = |line: &str, what: &str| {
            let problem = read(line).unwrap_err();
            assert!(problem.contains(what), "{line}: {problem}");
        };
        says("rnu x", "did you mean \"run\"?");
        says("script.rhai", "esep run script.rhai");
        says("wibble", "the commands are run, new, doctor, install, kernel, completions");
        says("run", "FILE is missing");
        says("run a b", "unexpected argument \"b\"");
        says("run a --otu x", "did you mean --out?");
        says("run a --out", "--out needs a value: PAGE");
        says("run a --code=1", "--code takes no value");
        says("run a --param 3=x", "--param must be NAME=VALUE, got \"3=x\"");
        says("--out p.html", "nothing to run");
        says("new", "FOLDER is missing");
        says("kernel", "CONNECTION_FILE is missing");
        says("install --code", "unknown option");
        says("completions tcsh", "bash, zsh or fish");
    }

    #[test]
    fn help_and_completions_know_every_command_and_option() {
        let Ok(Action::Say(top)) = read("--help") else { panic!("help is said") };
        let shells = ["bash", "zsh", "fish"].map(|shell| completions(shell).unwrap());
        for command in &COMMANDS {
            assert!(top.contains(command.help) && top.contains(&usage(command)));
            let own = help(command);
            for flag in command.flags {
                assert!(own.contains(flag.help), "{}", flag.long);
                assert!(shells.iter().all(|text| text.contains(flag.long)), "{}", flag.long);
            }
        }
        assert!(top.lines().all(|line| line.len() <= 100), "{top}");
    }

    #[test]
    fn spellings_are_unique_within_a_command() {
        for command in &COMMANDS {
            for (at, flag) in command.flags.iter().enumerate() {
                for other in &command.flags[at + 1..] {
                    assert_ne!(flag.long, other.long);
                    assert!(flag.short.is_none() || flag.short != other.short);
                }
            }
        }
    }
}
