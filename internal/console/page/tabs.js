// The tabs, as ARIA describes them, and the address: #sessions/5 is session 5 in
// the tab "Sessions".

import { byId } from './dom.js';

// startTabs shows the view that the address names, and follows it. Each view has
// show(detail) and hide().
export function startTabs(views) {
  const names = Object.keys(views);
  let current = '';

  function follow() {
    const [name, detail = ''] = location.hash.slice(1).split('/');
    if (location.hash.startsWith('#token=')) return;
    open(names.includes(name) ? name : names[0], detail);
  }

  function open(name, detail) {
    if (current !== name) {
      if (current) views[current].hide();
      for (const other of names) select(other, other === name);
      current = name;
    }
    views[name].show(detail);
  }

  function select(name, selected) {
    const tab = byId(`tab-${name}`);
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
    byId(`panel-${name}`).hidden = !selected;
  }

  function pressed(event) {
    // The focus is ahead of the view, which follows the address.
    const at = names.findIndex((name) => byId(`tab-${name}`) === document.activeElement);
    const next = {
      ArrowRight: (at + 1) % names.length,
      ArrowLeft: (at + names.length - 1) % names.length,
      Home: 0,
      End: names.length - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    location.hash = names[next];
    byId(`tab-${names[next]}`).focus();
  }

  for (const name of names) {
    byId(`tab-${name}`).addEventListener('click', () => { location.hash = name; });
  }
  byId('tabs').addEventListener('keydown', pressed);
  addEventListener('hashchange', follow);
  follow();
}
