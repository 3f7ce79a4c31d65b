/** A time, as how long ago it was. */
import { now } from "../clock";
import { age } from "../text/words";

export function Ago({ time }: { time: string }) {
  const text = age(time, now.value);
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {text === "now" ? text : `${text} ago`}
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
