// The words for a step of a handshake: the label on its arrow, what else is known
// of it, and how it looks.

export function stepTexts(step) {
  const facts = [];
  if (step.text) facts.push(step.text);
  if (step.seq !== undefined) facts.push(`Message number ${step.seq}.`);
  if (step.length !== undefined) facts.push(`${step.length} bytes.`);
  const texts = words[step.kind]?.(step) ?? { label: step.name ?? step.kind, look: 'message' };
  return { facts, ...texts };
}

const words = {
  message: ({ name }) => ({ label: name, look: 'message' }),
  fragment: (step) => ({ label: `${step.name}, ${part(step)}`, look: 'fragment' }),
  retransmission: ({ name, flight, attempt }) => ({
    label: `${name ?? `flight${flight ? ` ${flight}` : ''}`} again${attempt ? `, retransmission ${attempt}` : ', retransmission'}`,
    look: 'retransmission',
  }),
  alert: ({ name }) => ({ label: `alert: ${name}`, look: 'alert' }),
  drop: ({ name, count }) => ({ label: `dropped${count > 1 ? ` ${count} times` : ''}: ${name}`, look: 'drop' }),
  established: ({ name }) => ({ label: name && name !== 'established' ? `established: ${name}` : 'established', look: 'established' }),
  note: ({ name, text }) => ({ label: text ?? name ?? 'note', look: 'note', facts: [] }),
};

function part(step) {
  const from = step.offset ?? 0;
  return `fragment ${from} to ${from + (step.fragment_length ?? 0)} of ${step.length ?? '?'} bytes`;
}
