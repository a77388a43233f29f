/** The clock by which keys expire: the real one, unless it was moved. Shared with the webview. */

import type { Clock } from './protocol';

const LONGEST = 2 ** 31 - 1; // ms; the longest timer

let clocks = new Map<string, Clock>();

/** Remember the moved clocks, by the URI of their config. */
export function keepClocks(moved: { config: string; clock?: Clock }[]): void {
    clocks = new Map(moved.flatMap(({ config, clock }) => (clock ? [[config, clock]] : [])));
}

/** The clock of a project, if it is moved. */
export function movedIn(config: string): Clock | undefined {
    return clocks.get(config);
}

/** The time by which keys of a project expire, in Unix seconds. */
export function nowIn(config: string): number {
    return timeOf(clocks.get(config));
}

/** The time of a clock now, in Unix seconds; of the real one if there is none. */
export function timeOf(clock?: Clock): number {
    return clock?.frozen ? clock.time : Date.now() / 1000 + (clock?.seconds ?? 0);
}

/** The delay of a timer that ends just after some seconds, in ms; not under a minimum. */
export function delayOf(seconds: number, least: number): number {
    return Math.min(Math.max(seconds * 1000 + 50, least), LONGEST);
}

/** How far a clock is from the real time: `+1 d 2 h`, `-5 min`. */
export function away(seconds: number): string {
    return `${seconds < 0 ? '-' : '+'}${span(seconds)}`;
}

/** A duration in its two largest units: `1 d 2 h`. */
export function span(seconds: number): string {
    let left = Math.round(Math.abs(seconds));
    const parts: string[] = [];
    for (const [unit, length] of [
        ['d', 86_400],
        ['h', 3600],
        ['min', 60],
        ['s', 1],
    ] as const) {
        const amount = Math.floor(left / length);
        left -= amount * length;
        if (amount && parts.length < 2) {
            parts.push(`${amount} ${unit}`);
        }
    }
    return parts.join(' ') || '0 s';
}

/** A local time to the minute, with its date unless that is today's. */
export function shortMoment(seconds: number): string {
    const date = new Date(seconds * 1000);
    const time = date.toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
    const isToday = date.toDateString() === new Date().toDateString();
    return isToday ? time : `${date.toLocaleDateString()} ${time}`;
}
