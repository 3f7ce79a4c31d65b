/** How long each phase of a run took: a bar for each, the longest as long as all there is. */
import { duration, PHASE_ORDER, type Phase, phaseWord } from "../text/words";

export function Phases({ phases }: { phases: Record<string, number> }) {
  const known = PHASE_ORDER.filter((phase) => phases[phase] !== undefined);
  const rows: [Phase, number][] = known.map((phase) => [phase, phases[phase] ?? 0]);
  const longest = Math.max(1, ...rows.map(([, took]) => took));
  if (rows.length === 0) return null;
  return (
    <ul class="phase-bars">
      {rows.map(([phase, took]) => (
        <li key={phase}>
          <span>{phaseWord(phase)}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect width={Math.max(1, (100 * took) / longest)} height="6" />
          </svg>
          <span class="number">{duration(took)}</span>
        </li>
      ))}
    </ul>
  );
}
