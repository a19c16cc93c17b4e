const DAY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** "1 Jan 2026" of an ISO time, in UTC. */
export function day(iso) {
  return DAY.format(new Date(iso));
}

/** "08:00:00" of an ISO time, in UTC. */
export function clock(iso) {
  return CLOCK.format(new Date(iso));
}

/** "1 Jan 2026, 08:00:00 UTC", or "time not known". */
export function moment(iso) {
  return iso ? `${day(iso)}, ${clock(iso)} UTC` : "time not known";
}

/** What a field `datetime-local` holds, read as UTC, as ISO; null where it is empty. */
export function fromField(value) {
  return value ? new Date(`${value}Z`).toISOString().replace(".000Z", "Z") : null;
}

/** An ISO time as a field `datetime-local` takes it; "" for null. */
export function toField(iso) {
  return iso ? new Date(iso).toISOString().slice(0, 19) : "";
}

/** "2 h 5 min", "40 s": how long so many seconds are. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([unit]) => whole >= unit);
  if (first < 0) return "0 s";
  const [unit, name] = parts[first];
  const more = parts[first + 1];
  const rest = more ? Math.floor((whole % unit) / more[0]) : 0;
  return `${Math.floor(whole / unit)} ${name}${rest ? ` ${rest} ${more[1]}` : ""}`;
}
