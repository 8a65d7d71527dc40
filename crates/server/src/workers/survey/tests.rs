use std::sync::Arc;

use mio::{Poll, Token, Waker};
use tokio::sync::{mpsc, watch};

use super::{Desk, ask};
use crate::worker::{Bell, Command, Stats};

/// The way to a worker that somebody else plays. Its poll must live as long.
fn desk() -> (Desk, mpsc::Receiver<Command>, Poll) {
    let poll = Poll::new().unwrap();
    let bell = Arc::new(Bell::new(Waker::new(poll.registry(), Token(0)).unwrap()));
    let ((inbox, commands), (_, ended)) = (mpsc::channel(1), watch::channel(()));
    (Desk { inbox, bell, ended }, commands, poll)
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_answer_is_given_up_after_a_second() {
    let (desk, mut commands, _poll) = desk();
    assert!(ask(&desk, Command::Stats).await.is_none(), "it has the question, and says nothing");
    assert!(ask(&desk, Command::Stats).await.is_none(), "its queue is full");
    let answers = async {
        while let Some(Command::Stats(answer)) = commands.recv().await {
            // The one who asked first has gone.
            let _ = answer.send(Stats::default());
        }
    };
    let asked = async {
        let answer = ask(&desk, Command::Stats).await;
        drop(desk);
        answer
    };
    assert!(tokio::join!(asked, answers).0.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_has_ended_is_not_waited_for() {
    let (desk, commands, _poll) = desk();
    drop(commands);
    assert!(ask(&desk, Command::Stats).await.is_none());
}
