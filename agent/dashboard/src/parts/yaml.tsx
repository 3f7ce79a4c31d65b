/** Text from Git and the cluster: YAML, and the lines in which two of them differ. */

/** More lines than a browser draws at once without a pause. */
const MOST = 2000;

export function Yaml({ text, label }: { text: string; label: string }) {
  const { shown, left } = cut(text);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section class="scroll" aria-label={label} tabIndex={0}>
      <pre class="text">{shown.join("\n")}</pre>
      {left > 0 && <p class="note">and {left} more lines</p>}
    </section>
  );
}

const KINDS: Record<string, string> = { "+": "added", "-": "removed", "@": "place" };

export function Diff({ text }: { text: string }) {
  const { shown, left } = cut(text);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section class="scroll" aria-label="Lines that differ: - as it is, + as it would be" tabIndex={0}>
      <pre class="text">
        {shown.map((line, index) => (
          <span key={index} class={KINDS[line.charAt(0)] ?? ""}>
            {`${line}\n`}
          </span>
        ))}
      </pre>
      {left > 0 && <p class="note">and {left} more lines</p>}
    </section>
  );
}

function cut(text: string): { shown: string[]; left: number } {
  const lines = text.replace(/\n$/, "").split("\n");
  return { shown: lines.slice(0, MOST), left: Math.max(0, lines.length - MOST) };
}
