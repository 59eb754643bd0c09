//! What the protocol promises.

use serde_json::json;
use tokio::time::timeout;
use zeromq::{SocketRecv as _, SocketSend as _, ZmqMessage};

use super::client::{Client, LONG, SHORT};

#[tokio::test]
async fn a_cell_goes_from_busy_to_idle_with_everything_between() {
    let mut client = Client::start().await;
    let told = client.run("hello").await;
    assert_eq!(told.kinds(), ["execute_input", "execute_result"]);
    assert_eq!(told.published[0].1, json!({ "code": "hello", "execution_count": 1 }));
    assert_eq!(told.published[1].1["data"], json!({ "text/plain": "hello" }));
    assert_eq!(told.reply["status"], "ok");
    assert_eq!(told.reply["execution_count"], 1);

    let told = client.run("print a;b;c").await;
    assert_eq!(told.kinds(), ["execute_input", "stream"]);
    assert_eq!(told.published[1].1, json!({ "name": "stdout", "text": "a\nb\nc\n" }));

    let told = client.run("warn careful").await;
    assert_eq!(told.published[1].1, json!({ "name": "stderr", "text": "warning: careful\n" }));

    let told = client.run("show picture").await;
    assert_eq!(told.kinds(), ["execute_input", "display_data"]);
    assert_eq!(told.published[1].1["data"]["image/svg+xml"], "<svg></svg>");
    assert!(told.published[1].1["transient"].is_object());

    let told = client.run("fail").await;
    assert_eq!(told.kinds(), ["execute_input", "error"]);
    assert_eq!(told.published[1].1["ename"], "ToyError");
    assert_eq!(told.published[1].1["traceback"].as_array().unwrap().len(), 2);
    assert_eq!(told.reply["evalue"], "as asked");
    assert_eq!(told.reply["execution_count"], 5);
    client.end().await;
}

#[tokio::test]
async fn silent_and_unstored_cells_do_not_count() {
    let mut client = Client::start().await;
    let told = client.ask("execute_request", json!({ "code": "x", "silent": true })).await;
    assert!(told.kinds().is_empty());
    let unstored = json!({ "code": "y", "store_history": false });
    let told = client.ask("execute_request", unstored).await;
    assert_eq!(told.reply["execution_count"], 1);
    let told = client.ask("execute_request", json!({ "code": "fail", "silent": true })).await;
    assert!(told.kinds().is_empty());
    assert_eq!(told.reply["status"], "error");
    assert_eq!(client.run("z").await.reply["execution_count"], 1);
    let tail = json!({ "hist_access_type": "tail", "n": 10 });
    let told = client.ask("history_request", tail).await;
    assert_eq!(told.reply["history"], json!([[1, 1, "z"]]));
    client.end().await;
}

#[tokio::test]
async fn user_expressions_are_answered_one_by_one() {
    let mut client = Client::start().await;
    let content = json!({ "code": "nothing", "user_expressions": { "a": "seven", "b": "fail" } });
    let told = client.ask("execute_request", content).await;
    let values = &told.reply["user_expressions"];
    assert_eq!(values["a"]["data"]["text/plain"], "seven");
    assert_eq!(values["b"]["status"], "error");
    assert_eq!(values["b"]["ename"], "ToyError");
    client.end().await;
}

#[tokio::test]
async fn an_error_aborts_the_cells_behind_it_and_nothing_else() {
    let mut client = Client::start().await;
    let pause = client.send("execute_request", json!({ "code": "pause" })).await;
    let fail = client.send("execute_request", json!({ "code": "fail" })).await;
    let behind = client.send("execute_request", json!({ "code": "behind" })).await;
    let info = client.send("kernel_info_request", json!({})).await;
    assert_eq!(client.told(&pause).await.reply["status"], "ok");
    assert_eq!(client.told(&fail).await.reply["status"], "error");
    let told = client.told(&behind).await;
    assert_eq!((told.reply["status"].as_str(), told.kinds().len()), (Some("aborted"), 0));
    assert_eq!(client.told(&info).await.reply["status"], "ok");
    // One sent after the reply runs.
    assert_eq!(client.run("next").await.reply["status"], "ok");

    let content = json!({ "code": "fail", "stop_on_error": false });
    let fail = client.send("execute_request", content).await;
    let behind = client.send("execute_request", json!({ "code": "behind" })).await;
    assert_eq!(client.told(&fail).await.reply["status"], "error");
    assert_eq!(client.told(&behind).await.reply["status"], "ok");
    client.end().await;
}

#[tokio::test]
async fn an_interrupt_stops_the_cell_and_control_is_served_meanwhile() {
    let mut client = Client::start().await;
    let id = client.send("execute_request", json!({ "code": "loop" })).await;
    for state in ["busy", ""] {
        let message = client.published().await.unwrap();
        assert_eq!(message.content["execution_state"].as_str().unwrap_or_default(), state);
    }
    let (info, reply) = client.on_control("kernel_info_request", json!({})).await;
    assert_eq!(reply.content["implementation"], "esep");
    let (stop, reply) = client.on_control("interrupt_request", json!({})).await;
    assert_eq!(reply.content["status"], "ok");
    let reply = client.replied().await;
    assert_eq!((&reply.parent["msg_id"], &reply.content["status"]), (&json!(id), &json!("error")));
    let mut kinds = Vec::new();
    while let Some(message) = client.published_soon(SHORT).await {
        let parent = message.parent["msg_id"].as_str().unwrap().to_owned();
        assert!([&id, &info, &stop].contains(&&parent));
        if parent == id {
            kinds.push(message.kind().to_owned());
        }
    }
    assert_eq!(kinds, ["error", "status"]);
    // With nothing to stop an interrupt does nothing.
    client.on_control("interrupt_request", json!({})).await;
    while client.published_soon(SHORT).await.is_some() {}
    assert_eq!(client.run("still here").await.reply["status"], "ok");
    client.end().await;
}

#[tokio::test]
async fn cursors_are_code_points_and_questions_are_answered() {
    let mut client = Client::start().await;
    let code = "\u{1d53c} \u{04d9}l";
    let told = client.ask("complete_request", json!({ "code": code, "cursor_pos": 4 })).await;
    assert_eq!(told.reply["matches"], json!(["\u{04d9}lem"]));
    assert_eq!((&told.reply["cursor_start"], &told.reply["cursor_end"]), (&json!(2), &json!(4)));

    let told = client.ask("inspect_request", json!({ "code": "alpha", "cursor_pos": 2 })).await;
    assert_eq!(told.reply["found"], true);
    let told = client.ask("inspect_request", json!({ "code": "beta", "cursor_pos": 2 })).await;
    assert_eq!((&told.reply["found"], &told.reply["data"]), (&json!(false), &json!({})));

    for (code, status) in
        [("f {", "incomplete"), ("}", "invalid"), ("x", "complete"), (":vars", "complete")]
    {
        let told = client.ask("is_complete_request", json!({ "code": code })).await;
        assert_eq!(told.reply["status"], status, "{code}");
    }
    let told = client.ask("comm_info_request", json!({})).await;
    assert_eq!(told.reply["comms"], json!({}));
    let told = client.ask("wibble_request", json!({})).await;
    assert_eq!(told.reply["status"], "error");
    let told = client.run("?alpha").await;
    assert_eq!(told.kinds(), ["execute_input"]);
    assert_eq!(told.reply["payload"][0]["source"], "page");
    let told = client.run(":time pause").await;
    assert!(told.published[1].1["text"].as_str().unwrap().starts_with("took "));
    client.end().await;
}

#[tokio::test]
async fn long_work_shows_one_line_that_moves() {
    let mut client = Client::start().await;
    let told = client.run("progress").await;
    let kinds = told.kinds();
    assert_eq!(kinds[..3], ["execute_input", "display_data", "update_display_data"]);
    assert!(kinds[3..].iter().all(|kind| *kind == "update_display_data"));
    let last = &told.published.last().unwrap().1;
    assert_eq!(last["data"]["text/plain"], "toy: 8 of 8");
    assert_eq!(last["transient"], told.published[1].1["transient"]);
    client.end().await;
}

#[tokio::test]
async fn an_unknown_comm_is_closed_and_the_heartbeat_echoes() {
    let mut client = Client::start().await;
    client.send("comm_open", json!({ "comm_id": "c", "target_name": "none", "data": {} })).await;
    let mut kinds = Vec::new();
    while let Some(message) = client.published_soon(SHORT).await {
        kinds.push(message.kind().to_owned());
    }
    assert_eq!(kinds, ["status", "comm_close", "status"]);
    for beat in [&b"ping"[..], b"", &[0, 255]] {
        client.heartbeat.send(ZmqMessage::from(beat.to_vec())).await.unwrap();
        let back = timeout(LONG, client.heartbeat.recv()).await.unwrap().unwrap();
        assert_eq!(&back.get(0).unwrap()[..], beat);
    }
    client.end().await;
}
