// Times, sizes and counts as a person reads them.

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function timeOfDay(time) {
  return clock.format(new Date(time));
}

export function timeWithMillis(time) {
  const date = new Date(time);
  return `${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

export function dateAndTime(time) {
  const date = new Date(time);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0'));
  return `${day.join('-')} ${clock.format(date)}`;
}

const grouped = new Intl.NumberFormat('en-US');

export function count(number) {
  return grouped.format(number ?? 0);
}

export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(number) {
  return scaled(number ?? 0, byteUnits, ' ');
}

const plainUnits = ['', 'k', 'M', 'G', 'T'];

export function short(number) {
  return scaled(number, plainUnits, '');
}

function scaled(number, units, gap) {
  let power = 0;
  let rest = number;
  while (Math.abs(rest) >= 1000 && power < units.length - 1) {
    rest /= 1000;
    power++;
  }
  const digits = Number.isInteger(rest) || rest >= 100 ? rest.toFixed(0) : rest.toPrecision(2);
  return `${digits}${gap}${units[power]}`;
}

export function millis(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 10) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return duration(ms);
}

export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// hostPort joins an address and a port as the server writes them.
export function hostPort(address, port) {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

// splitHostPort is the inverse of hostPort.
export function splitHostPort(joined) {
  const colon = joined.lastIndexOf(':');
  return { address: joined.slice(0, colon).replace(/^\[|\]$/g, ''), port: joined.slice(colon + 1) };
}
