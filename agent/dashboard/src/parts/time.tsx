/** A time, as how long ago it was. */
import { now } from "../clock";
import { age, duration } from "../text/words";

export function Ago({ time }: { time: string }) {
  const text = age(time, now.value);
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {text === "now" ? text : `${text} ago`}
    </time>
  );
}

/** A time to come, as how long it takes until then. */
export function Until({ time }: { time: string }) {
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {duration(Date.parse(time) - now.value).replace(/\.\d/, "")}
    </time>
  );
}

export function For({ time }: { time: string }) {
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {age(time, now.value)}
    </time>
  );
}
