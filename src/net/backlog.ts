/** How many connections the kernel holds that we have not looked at. A flood must not fill it between two looks: whoever comes then waits for seconds until the kernel tries again. */
export const backlog = 4096
