/** A day and a time as a person picks them; months count from 0, as HubSpot's control has it. */
export interface Picked {
  year: number;
  month: number;
  date: number;
  hours: number;
  minutes: number;
}

/** What a clock in the zone shows at a moment. */
export function picked(at: number, timeZone: string): Picked {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return { year: of('year'), month: of('month') - 1, date: of('day'), hours: of('hour'), minutes: of('minute') };
}

const asUtc = ({ year, month, date, hours, minutes }: Picked) => {
  const at = new Date(Date.UTC(2000, month, date, hours, minutes));
  at.setUTCFullYear(year, month, date); // Date.UTC takes years below 100 for those of the last century
  return at.getTime();
};

/** The moment at which a clock in the zone shows this; what a change of clocks leaves out is the moment after it. */
export function momentOf(wanted: Picked, timeZone: string): number {
  const target = asUtc(wanted);
  let at = target;
  for (let look = 0; look < 3; look++) at += target - asUtc(picked(at, timeZone));
  return at;
}
