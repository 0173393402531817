// Says before a session ends, and lets it go on. Without it, what is sent too late can still be sent after signing in.
"use strict";
(() => {
  const place = document.getElementById("stay");
  if (!place || !window.fetch) return;
  const WARN_S = Math.min(600, Number(place.dataset.idle) / 3);
  const LAST_S = 60;
  let typed = false;
  let timer = 0;
  let told = "";

  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(seconds, 1) * 1000);
  }

  function say(words, button) {
    if (words === told) return;
    told = words;
    place.textContent = "";
    if (!words) return;
    const line = document.createElement("p");
    line.textContent = words;
    place.append(line);
    if (!button) return;
    const stay = document.createElement("button");
    stay.type = "button";
    stay.textContent = "Stay signed in";
    stay.addEventListener("click", () => ask("POST"));
    line.append(" ", stay);
  }

  async function ask(method) {
    const token = document.querySelector("form.out [name=csrfmiddlewaretoken]");
    const headers = method === "POST" && token ? { "X-CSRFToken": token.value } : {};
    try {
      const answer = await fetch(place.dataset.address, { method, headers, credentials: "same-origin" });
      if (answer.redirected || answer.status === 401) return over();
      if (!answer.ok) return method === "POST" ? ask("GET") : later(LAST_S);
      show((await answer.json()).left_s, method === "POST");
    } catch (problem) {
      later(LAST_S); // no network: ask again
    }
  }

  function show(left, asked) {
    if (left <= 0) return over();
    if (left > WARN_S) {
      say("", false);
      return later(left - WARN_S);
    }
    const minutes = Math.max(1, Math.round(left / 60));
    const when = `You will be signed out in ${minutes === 1 ? "a minute" : `${minutes} minutes`}`;
    if (asked) say(`${when}: a session has an end. Send what you typed before then.`, false);
    else say(`${when}, because nothing was sent for a while.`, true);
    later(left > 2 * LAST_S ? left - LAST_S : Math.min(left, LAST_S));
  }

  function over() {
    say("You were signed out. What you typed is still here: send it as usual, and sign in when you are asked.", false);
    later(5 * LAST_S);
  }

  function look() {
    // Typing is use as well.
    ask(typed ? "POST" : "GET");
    typed = false;
  }

  document.addEventListener("input", () => { typed = true; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  later(Number(place.dataset.left) - WARN_S);
})();
