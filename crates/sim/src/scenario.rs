//! Stories: who is where, what happens, and what a user must see.
//!
//! A story is told step by step; the first step that does not come true ends it, and the failure tells all of it.

use std::fmt;
use std::time::Duration;

use crate::browser::{Browser, BrowserConfig, Dialect, PACE, Path, Policy};
use crate::link::LinkConfig;
use crate::nat::NatConfig;
use crate::seed::Seed;
use crate::server::ServerConfig;
use crate::world::{Place, World};

/// Somebody with a browser.
#[derive(Clone, Debug)]
pub struct Guest {
    config: BrowserConfig,
    place: Place,
    link: LinkConfig,
}

/// A guest who speaks v2, has a public address and may use every candidate.
pub fn browser(name: &str) -> Guest {
    Guest {
        config: BrowserConfig {
            name: name.to_owned(),
            dialect: Dialect::V2,
            policy: Policy::All,
            pace: PACE,
            token: String::new(),
        },
        place: Place::Public,
        link: LinkConfig::default(),
    }
}

impl Guest {
    /// Behind one box.
    pub fn behind(self, nat: NatConfig) -> Self {
        self.at(Place::Behind(nat))
    }

    /// At this place.
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// With this access link.
    pub fn link(self, link: LinkConfig) -> Self {
        Self { link, ..self }
    }

    /// Uses relayed candidates only.
    pub fn relay_only(mut self) -> Self {
        self.config.policy = Policy::RelayOnly;
        self
    }

    /// Speaks the course protocol.
    pub fn speaking_a(mut self) -> Self {
        self.config.dialect = Dialect::A;
        self
    }

    /// Brings a token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.config.token = token.to_owned();
        self
    }

    /// Sends one packet of media per `pace`, for stories that take hours.
    pub fn pace(mut self, pace: Duration) -> Self {
        self.config.pace = pace;
        self
    }
}

/// One step of a story.
pub struct Step {
    sentence: String,
    act: Box<Act>,
}

type Act = dyn FnOnce(&mut World) -> Result<(), String>;

/// A step of one's own: a sentence, and what makes it true or says why it is not.
pub fn step(sentence: impl Into<String>, act: impl FnOnce(&mut World) -> Result<(), String> + 'static) -> Step {
    Step { sentence: sentence.into(), act: Box::new(act) }
}

/// A step that only checks.
pub fn check(sentence: impl Into<String>, holds: impl FnOnce(&World) -> bool + 'static) -> Step {
    step(sentence, move |world| holds(world).then_some(()).ok_or_else(|| "it is not so".to_owned()))
}

/// A step that waits until something holds.
pub fn eventually(sentence: impl Into<String>, within: Duration, holds: impl FnMut(&World) -> bool + 'static) -> Step {
    let sentence = format!("within {within:?} {}", sentence.into());
    step(sentence, move |world| {
        world.run_until(within, holds).then_some(()).ok_or_else(|| "it did not happen".to_owned())
    })
}

/// A step that only does.
pub fn act(sentence: impl Into<String>, act: impl FnOnce(&mut World) + 'static) -> Step {
    step(sentence, move |world| {
        act(world);
        Ok(())
    })
}

/// Somebody joins.
pub fn join(name: &'static str) -> Step {
    act(format!("{name} joins"), move |world| world.join(name))
}

/// Somebody leaves.
pub fn leave(name: &'static str) -> Step {
    act(format!("{name} leaves"), move |world| world.leave(name))
}

/// Time passes.
pub fn wait(lasting: Duration) -> Step {
    act(format!("{lasting:?} pass"), move |world| world.run_for(lasting))
}

/// Every member hears something new from the other within this time.
pub fn hear_each_other(within: Duration) -> Step {
    step(format!("each hears the other within {within:?}"), move |world| {
        let start = world.now();
        let hears = |world: &World| {
            let mut members = world.browsers().filter(|browser| browser.is_member());
            members.all(|browser| browser.heard().latest.is_some_and(|latest| latest > start))
        };
        if world.run_until(within, hears) {
            return Ok(());
        }
        let members = world.browsers().filter(|browser| browser.is_member());
        let silent = members.filter(|browser| browser.heard().latest.is_none_or(|latest| latest <= start));
        Err(format!("{:?} heard nothing", silent.map(|browser| browser.name().to_owned()).collect::<Vec<_>>()))
    })
}

/// What is heard comes this way for every member.
pub fn path(expected: Path) -> Step {
    step(format!("the path is {expected:?}"), move |world| {
        let mut members = world.browsers().filter(|browser| browser.is_member());
        let other = members.find(|browser| browser.heard().path != Some(expected));
        other.map_or(Ok(()), |browser| Err(format!("{} has {:?}", browser.name(), browser.heard().path)))
    })
}

/// No member has had a longer gap than this since the record was cleared.
pub fn longest_gap_below(limit: Duration) -> Step {
    step(format!("the longest gap is below {limit:?}"), move |world| {
        let now = world.now();
        let members = world.browsers().filter(|browser| browser.is_member());
        let gaps = members.map(|browser| (browser.heard().longest_gap_at(now), browser.name()));
        let (gap, name) = gaps.max().ok_or("there is nobody")?;
        (gap < limit).then_some(()).ok_or_else(|| format!("{name} heard nothing for {gap:?}"))
    })
}

/// The record of gaps begins anew.
pub fn clear_record() -> Step {
    act("the record is cleared", World::clear_heard)
}

/// Somebody's machine goes to another network.
pub fn move_to(name: &'static str, place: Place) -> Step {
    act(format!("{name} moves to {place:?}"), move |world| world.move_to(name, &place))
}

/// Somebody's link changes.
pub fn link(name: &'static str, config: LinkConfig) -> Step {
    act(format!("the link of {name} becomes {config:?}"), move |world| {
        let host = world.host(name);
        world.net().set_link(host, config);
    })
}

/// Somebody's WebSocket breaks and comes back after `absence`.
pub fn break_socket(name: &'static str, absence: Duration) -> Step {
    act(format!("{name} loses the WebSocket for {absence:?}"), move |world| world.break_socket(name, absence))
}

/// Somebody gets this error.
pub fn refused(name: &'static str, code: u64) -> Step {
    let sentence = format!("{name} is refused with error {code}");
    eventually(sentence, Duration::from_secs(3), move |world| world.browser(name).error() == Some(code))
}

/// A room and those who will meet in it.
pub struct Room {
    name: String,
    seed: Seed,
    guests: Vec<Guest>,
    configure: Box<dyn FnOnce(&mut ServerConfig)>,
}

impl Room {
    /// A room with this name; the name also chooses the seed that is committed with the story.
    pub fn new(name: &str) -> Self {
        let number = name.bytes().fold(1_u64, |number, byte| number.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self {
            name: name.to_owned(),
            seed: Seed::from_environment_or(Seed::new(number)),
            guests: Vec::new(),
            configure: Box::new(|_| {}),
        }
    }

    /// With this seed.
    pub fn seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// With one guest more.
    pub fn with(mut self, guest: Guest) -> Self {
        self.guests.push(guest);
        self
    }

    /// With a server that is set up in another way.
    pub fn server(self, configure: impl FnOnce(&mut ServerConfig) + 'static) -> Self {
        let configure = Box::new(configure);
        Self { configure, ..self }
    }

    /// Tells the story, and gives the world at its end.
    ///
    /// # Errors
    /// The first step that did not come true, and all that happened before.
    pub fn run(self, steps: impl IntoIterator<Item = Step>) -> Result<World, Failure> {
        let mut failure = Failure {
            room: self.name.clone(),
            seed: self.seed,
            told: Vec::new(),
            reason: String::new(),
            transcripts: Vec::new(),
        };
        let mut world = match World::new(self.seed, self.configure) {
            Ok(world) => world,
            Err(error) => {
                failure.reason = format!("the server does not start: {error}");
                return Err(failure);
            }
        };
        for Guest { config, place, link } in self.guests {
            world.add_browser(config, &self.name, &place, link);
        }
        for Step { sentence, act } in steps {
            failure.told.push(format!("{:>10.3} s  {sentence}", world.elapsed().as_secs_f64()));
            let outcome = act(&mut world);
            let promise =
                world.violations().into_iter().next().map(|promise| format!("the server broke a promise: {promise}"));
            if let Some(reason) = promise.or(outcome.err()) {
                failure.reason = format!("at {:.3} s: {reason}", world.elapsed().as_secs_f64());
                failure.transcripts = world.browsers().map(transcript).collect();
                return Err(failure);
            }
        }
        Ok(world)
    }
}

/// A story that did not come true.
pub struct Failure {
    room: String,
    seed: Seed,
    told: Vec<String>,
    reason: String,
    /// What the browsers said and were told last.
    transcripts: Vec<String>,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the story of {:?} with seed {}:", self.room, self.seed.number())?;
        for line in &self.told {
            writeln!(f, "  {line}")?;
        }
        write!(f, "  but {}", self.reason)?;
        self.transcripts.iter().try_for_each(|transcript| write!(f, "\n{transcript}"))
    }
}

fn transcript(browser: &Browser) -> String {
    let lines = browser.transcript().map(|line| format!("\n    {line}"));
    format!("  {}:{}", browser.name(), lines.collect::<String>())
}
