'use strict';
// The ticket is behind the #: it is taken from the address at once and sent only in the body of requests to this origin.
const ticket = location.hash.slice(1);
history.replaceState(null, '', location.pathname + location.search);
const $ = (id) => document.getElementById(id);
const show = (...ids) => {
  for (const id of ['working', 'done', 'expired', 'changed', 'failed', 'again', 'retry']) $(id).hidden = !ids.includes(id);
};
// Pieces that arrived stay, so that trying again goes on where it stopped.
const parts = [];
let rows = 0;
let cursor = '';

async function fetchPiece() {
  const response = await fetch(location.pathname, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ticket, cursor }),
  });
  return response.json();
}

async function run() {
  show('working');
  for (;;) {
    let answer;
    try {
      answer = await fetchPiece();
    } catch {
      return show('failed', 'retry');
    }
    if (!answer.ok) {
      const code = answer.error && answer.error.code;
      if (code === 'EXPORT_EXPIRED' || code === 'UNAUTHORIZED') return show('expired');
      if (code === 'CHANGED_MEANWHILE') return show('changed');
      return show('failed', 'retry');
    }
    const { name, text, next } = answer.data;
    parts.push(new Blob([text]));
    rows += answer.data.rows;
    $('rows').textContent = rows.toLocaleString(document.documentElement.lang);
    if (!next) return save(name);
    cursor = next;
  }
}

function save(name) {
  const link = $('again');
  link.href = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  show('done', 'again');
  link.click();
}

$('retry').addEventListener('click', run);
if (ticket) run();
else show('expired');
