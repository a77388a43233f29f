/** A model that its view follows. */

import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

export class Watched {
    private readonly listeners = new Set<() => void>();

    onChange(listener: () => void): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    notify(): void {
        for (const listener of this.listeners) {
            listener();
        }
    }
}

/** Draw a component again when its model changes, or the window's size. */
export function useWatched(model: Watched): void {
    const [, render] = useState(0);
    // before the first message: an effect would wait for the next frame, and miss what changes until then
    useLayoutEffect(() => model.onChange(() => render((n) => n + 1)), [model]);
    useEffect(() => {
        const resized = (): void => model.notify();
        window.addEventListener('resize', resized);
        return () => window.removeEventListener('resize', resized);
    }, [model]);
}
