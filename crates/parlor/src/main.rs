//! `parlor`: voice and video calls in your own hands. One binary: server, configuration, tokens.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod admin;
mod doctor;
mod drain;
mod greeting;
mod guest;
mod load;
mod play;
mod publish;
mod serve;
mod settings;
mod token;
mod wishes;

/// Voice and video calls in your own hands: web client, signalling, STUN and TURN in one server.
///
/// Without a command it serves: open http://localhost:8080, send the link, talk.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: settings::SettingArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (what happens without a command, too).
    ///
    /// Prints where it can be reached, logs on standard error, and stops on Ctrl+C or SIGTERM.
    #[command(after_help = EXAMPLES)]
    Serve(settings::SettingArguments),
    /// Print a commented sample configuration with every setting and its default.
    Config,
    /// Print a link to the page that shows what the server does, and ends calls. Run it where the server runs, as its user.
    Admin(admin::AdminArguments),
    /// Have the running server take no new calls, streams and relays, and stop when there are none left. Run it where the server runs, as its user.
    ///
    /// Prints what is left, in JSON. SIGUSR1 does the same.
    Drain(drain::DrainArguments),
    /// Visit a server as a browser would, and say what is shut and what to do: page, certificate, WebSocket, clock, STUN, TURN over UDP, TCP and TLS.
    ///
    /// Run it on another machine with the server's address: it sees what guests see. Without an address, where the server runs, as its user and with its
    /// settings, it looks at these, at files, limits and addresses, and at the server if it runs, else at its ports. Exit code 1 when a check failed.
    Doctor(doctor::DoctorArguments),
    /// Make a token that lets its holder into a room. Needs auth.keys, the same as the server has.
    Token(token::TokenArguments),
    /// Send files, or a pattern for tests, into a room of a server. Works while the room's media goes through the server.
    Publish(publish::PublishArguments),
    /// Receive what is sent in a room of a server: count it, or write it into files.
    Play(play::PlayArguments),
    /// Test a server with many members at once.
    #[command(subcommand)]
    Load(load::LoadCommand),
}

fn main() -> ExitCode {
    let Arguments { command, settings } = Arguments::parse();
    let result = match command.unwrap_or(Command::Serve(settings)) {
        Command::Serve(settings) => serve::run(&settings),
        Command::Config => greeting::print(&server::config::sample()),
        Command::Admin(arguments) => admin::run(&arguments),
        Command::Drain(arguments) => drain::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Play(arguments) => play::run(&arguments),
        Command::Load(command) => load::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            greeting::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  parlor                                          on this computer and its network, nothing to configure
  parlor serve --set http.listen=9000             another port
  parlor serve --set public.host=call.example.org --set https.listen=443 \\
      --set https.cert=fullchain.pem --set https.key=privkey.pem
  parlor config > parlor.toml                     then: parlor serve --config parlor.toml
  PARLOR_AUTH_KEYS=... parlor token --room board  a token for one room";
